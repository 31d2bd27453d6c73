CREATE TABLE alert (
    channel TEXT NOT NULL,
    exception_id INTEGER NOT NULL,
    times_opened INTEGER NOT NULL,
    stage TEXT NOT NULL,
    text TEXT NOT NULL,
    claimed_at BIGINT NOT NULL,
    sent_at BIGINT,
    problem TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_alert PRIMARY KEY (channel, exception_id, times_opened, stage)
)

CREATE INDEX alert_by_time ON alert (claimed_at)

CREATE TABLE api_address (
    id SERIAL NOT NULL,
    connection TEXT NOT NULL,
    platform TEXT NOT NULL,
    base TEXT NOT NULL,
    CONSTRAINT pk_api_address PRIMARY KEY (id),
    CONSTRAINT uq_api_address_connection_platform_base UNIQUE (connection, platform, base)
)

CREATE TABLE audit (
    number INTEGER NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    digest TEXT NOT NULL,
    CONSTRAINT pk_audit PRIMARY KEY (number)
)

CREATE INDEX audit_of_actor ON audit (actor, number)

CREATE INDEX audit_of_subject ON audit (subject, number)

CREATE TABLE budget_call (
    id TEXT NOT NULL,
    application TEXT NOT NULL,
    process TEXT NOT NULL,
    lane INTEGER NOT NULL,
    granted_at BIGINT NOT NULL,
    frees_at BIGINT NOT NULL,
    CONSTRAINT pk_budget_call PRIMARY KEY (id)
)

CREATE INDEX budget_call_by_end ON budget_call (application, frees_at)

CREATE TABLE budget_state (
    application TEXT NOT NULL,
    paused_until BIGINT,
    quota INTEGER,
    lowered_to INTEGER,
    lowered_at BIGINT,
    throttles INTEGER NOT NULL,
    peak INTEGER NOT NULL,
    CONSTRAINT pk_budget_state PRIMARY KEY (application)
)

CREATE TABLE budget_waiter (
    id TEXT NOT NULL,
    application TEXT NOT NULL,
    lane INTEGER NOT NULL,
    since BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    CONSTRAINT pk_budget_waiter PRIMARY KEY (id)
)

CREATE INDEX budget_waiter_by_application ON budget_waiter (application, seen_at)

CREATE TABLE cin7_product (
    connection TEXT NOT NULL,
    sku TEXT NOT NULL,
    product_id TEXT NOT NULL,
    name TEXT NOT NULL,
    is_service BOOLEAN NOT NULL,
    is_active BOOLEAN NOT NULL,
    is_sellable BOOLEAN NOT NULL,
    drop_ship_optional BOOLEAN NOT NULL,
    components JSON NOT NULL,
    seen_at BIGINT NOT NULL,
    CONSTRAINT pk_cin7_product PRIMARY KEY (connection, sku)
)

CREATE INDEX cin7_product_service ON cin7_product (connection, is_service)

CREATE TABLE design_version (
    connection TEXT NOT NULL,
    name TEXT NOT NULL,
    content JSON NOT NULL,
    first_used_at BIGINT NOT NULL,
    CONSTRAINT pk_design_version PRIMARY KEY (connection, name)
)

CREATE TABLE ended_sign_in_attempt (
    digest TEXT NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT pk_ended_sign_in_attempt PRIMARY KEY (digest)
)

CREATE INDEX ended_sign_in_attempt_by_time ON ended_sign_in_attempt (at)

CREATE TABLE exception (
    id SERIAL NOT NULL,
    connection TEXT NOT NULL,
    kind TEXT NOT NULL,
    cause TEXT NOT NULL,
    title TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    expected TEXT NOT NULL,
    owner TEXT NOT NULL,
    assignee TEXT DEFAULT '' NOT NULL,
    rank INTEGER NOT NULL,
    state TEXT NOT NULL,
    merged_into INTEGER,
    objects_open INTEGER NOT NULL,
    objects_ever INTEGER NOT NULL,
    money JSON NOT NULL,
    times_opened INTEGER NOT NULL,
    opened_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    deadline_at BIGINT NOT NULL,
    snoozed_until BIGINT,
    closed_at BIGINT,
    CONSTRAINT pk_exception PRIMARY KEY (id),
    CONSTRAINT uq_exception_connection_kind_cause UNIQUE (connection, kind, cause)
)

CREATE INDEX exception_by_deadline ON exception (state, deadline_at)

CREATE INDEX exception_list ON exception (state, rank, id)

CREATE INDEX exception_merged ON exception (merged_into)

CREATE INDEX exception_of_assignee ON exception (assignee, state, rank, id)

CREATE INDEX exception_of_connection ON exception (connection, state, rank, id)

CREATE INDEX exception_of_kind ON exception (kind, state, rank, id)

CREATE INDEX exception_of_owner ON exception (owner, state, rank, id)

CREATE TABLE failed_sign_in (
    id TEXT NOT NULL,
    name_digest TEXT NOT NULL,
    address TEXT NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT pk_failed_sign_in PRIMARY KEY (id)
)

CREATE INDEX failed_sign_in_of_address ON failed_sign_in (address, at)

CREATE INDEX failed_sign_in_of_name ON failed_sign_in (name_digest, at)

CREATE TABLE http_exchange (
    id UUID NOT NULL,
    transfer_id UUID,
    attempt_id UUID,
    started_at BIGINT NOT NULL,
    address_id SMALLINT NOT NULL,
    status SMALLINT,
    duration_ms INTEGER NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    outcome TEXT NOT NULL,
    request BYTEA,
    response BYTEA,
    previous_id UUID,
    digest BYTEA,
    CONSTRAINT pk_http_exchange PRIMARY KEY (id)
)

ALTER TABLE http_exchange ALTER COLUMN request SET STORAGE EXTERNAL

ALTER TABLE http_exchange ALTER COLUMN response SET STORAGE EXTERNAL

CREATE INDEX http_exchange_by_time ON http_exchange (address_id, started_at)

CREATE INDEX http_exchange_by_transfer ON http_exchange (transfer_id, started_at)

CREATE TABLE job (
    connection TEXT NOT NULL,
    flow TEXT NOT NULL,
    key TEXT NOT NULL,
    priority INTEGER NOT NULL,
    due_at BIGINT,
    reason TEXT NOT NULL,
    worker TEXT DEFAULT '' NOT NULL,
    run TEXT DEFAULT '' NOT NULL,
    started_at BIGINT,
    failures INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT pk_job PRIMARY KEY (connection, flow, key)
)

CREATE INDEX job_by_run ON job (run) WHERE worker <> ''

CREATE INDEX job_due ON job (connection, due_at) WHERE worker = '' AND due_at IS NOT NULL

CREATE INDEX job_running ON job (worker) WHERE worker <> ''

CREATE TABLE listing (
    connection TEXT NOT NULL,
    source TEXT NOT NULL,
    product_id INTEGER NOT NULL,
    variant_ids JSON NOT NULL,
    last_write JSON NOT NULL,
    variant_last_writes JSON NOT NULL,
    pictures JSON NOT NULL,
    written_at BIGINT NOT NULL,
    CONSTRAINT pk_listing PRIMARY KEY (connection, source)
)

CREATE TABLE listing_change (
    connection TEXT NOT NULL,
    source TEXT NOT NULL,
    position INTEGER NOT NULL,
    sku TEXT NOT NULL,
    name TEXT NOT NULL,
    action TEXT NOT NULL,
    lines JSON NOT NULL,
    digest TEXT NOT NULL,
    accepted_at BIGINT,
    CONSTRAINT pk_listing_change PRIMARY KEY (connection, source)
)

CREATE INDEX listing_change_by_position ON listing_change (connection, position)

CREATE TABLE reference_cache (
    connection TEXT NOT NULL,
    name TEXT NOT NULL,
    value JSON NOT NULL,
    fetched_at BIGINT NOT NULL,
    CONSTRAINT pk_reference_cache PRIMARY KEY (connection, name)
)

CREATE TABLE reservation (
    connection TEXT NOT NULL,
    order_id TEXT NOT NULL,
    sku TEXT NOT NULL,
    quantity TEXT NOT NULL,
    reserved_at BIGINT NOT NULL,
    placed_at BIGINT,
    allocated_at BIGINT,
    released_at BIGINT,
    CONSTRAINT pk_reservation PRIMARY KEY (connection, order_id, sku)
)

CREATE INDEX reservation_in_flight ON reservation (connection, allocated_at)

CREATE TABLE stock_decrease (
    connection TEXT NOT NULL,
    sku TEXT NOT NULL,
    at BIGINT NOT NULL,
    units TEXT NOT NULL,
    CONSTRAINT pk_stock_decrease PRIMARY KEY (connection, sku, at)
)

CREATE TABLE stock_level (
    connection TEXT NOT NULL,
    sku TEXT NOT NULL,
    store_location INTEGER NOT NULL,
    available TEXT NOT NULL,
    in_flight TEXT NOT NULL,
    buffer TEXT NOT NULL,
    ats INTEGER NOT NULL,
    terms JSON NOT NULL,
    current_level INTEGER,
    published_level INTEGER,
    scanned_at BIGINT NOT NULL,
    read_at BIGINT NOT NULL,
    pushed_at BIGINT,
    verified_at BIGINT,
    CONSTRAINT pk_stock_level PRIMARY KEY (connection, sku, store_location)
)

CREATE TABLE store_item (
    connection TEXT NOT NULL,
    sku TEXT NOT NULL,
    product_id INTEGER NOT NULL,
    variant_id INTEGER,
    tracking TEXT NOT NULL,
    on_sale BOOLEAN NOT NULL,
    price TEXT,
    seen_at BIGINT NOT NULL,
    CONSTRAINT pk_store_item PRIMARY KEY (connection, sku)
)

CREATE TABLE transfer (
    id UUID NOT NULL,
    connection TEXT NOT NULL,
    flow TEXT NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    reason_kind TEXT DEFAULT '' NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    owner TEXT DEFAULT '' NOT NULL,
    findings JSON NOT NULL,
    source_version TEXT DEFAULT '' NOT NULL,
    target_id TEXT DEFAULT '' NOT NULL,
    target_number TEXT DEFAULT '' NOT NULL,
    amount TEXT,
    currency TEXT DEFAULT '' NOT NULL,
    content BYTEA NOT NULL,
    design_version TEXT DEFAULT '' NOT NULL,
    tries INTEGER DEFAULT '0' NOT NULL,
    next_try_at BIGINT,
    lease_owner TEXT DEFAULT '' NOT NULL,
    lease_until BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    posted_at BIGINT,
    CONSTRAINT pk_transfer PRIMARY KEY (id),
    CONSTRAINT uq_transfer_connection_flow_key UNIQUE (connection, flow, key)
)

ALTER TABLE transfer ALTER COLUMN content SET STORAGE EXTERNAL

CREATE INDEX transfer_by_design ON transfer (design_version, connection, state, flow)

CREATE INDEX transfer_by_next_try ON transfer (next_try_at)

CREATE INDEX transfer_by_number ON transfer (target_number)

CREATE INDEX transfer_by_posting ON transfer (posted_at)

CREATE INDEX transfer_by_state ON transfer (state, flow, created_at)

CREATE INDEX transfer_by_target ON transfer (connection, flow, target_id)

CREATE INDEX transfer_leased ON transfer (lease_owner) WHERE lease_owner <> ''

CREATE INDEX transfer_list ON transfer (flow, created_at, id)

CREATE TABLE user_account (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    password_at BIGINT,
    disabled_at BIGINT,
    CONSTRAINT pk_user_account PRIMARY KEY (id),
    CONSTRAINT uq_user_account_name UNIQUE (name)
)

CREATE TABLE watermark (
    connection TEXT NOT NULL,
    name TEXT NOT NULL,
    timestamp BIGINT NOT NULL,
    CONSTRAINT pk_watermark PRIMARY KEY (connection, name)
)

CREATE TABLE webhook_inbox (
    id UUID NOT NULL,
    connection TEXT NOT NULL,
    platform TEXT NOT NULL,
    scope TEXT NOT NULL,
    subject TEXT NOT NULL,
    headers JSON NOT NULL,
    body BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    CONSTRAINT pk_webhook_inbox PRIMARY KEY (id)
)

CREATE INDEX webhook_inbox_by_time ON webhook_inbox (connection, received_at)

CREATE TABLE worker (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    process_space TEXT NOT NULL,
    version TEXT NOT NULL,
    connections JSON NOT NULL,
    started_at BIGINT NOT NULL,
    heartbeat_at BIGINT NOT NULL,
    CONSTRAINT pk_worker PRIMARY KEY (id)
)

CREATE TABLE api_token (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    read_only BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    ends_at BIGINT,
    revoked_at BIGINT,
    CONSTRAINT pk_api_token PRIMARY KEY (id),
    CONSTRAINT fk_api_token_user_id FOREIGN KEY(user_id) REFERENCES user_account (id),
    CONSTRAINT uq_api_token_digest UNIQUE (digest)
)

CREATE INDEX api_token_of_user ON api_token (user_id)

CREATE TABLE attempt (
    id UUID NOT NULL,
    transfer_id UUID NOT NULL,
    step TEXT NOT NULL,
    run TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    outcome TEXT DEFAULT '' NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_attempt PRIMARY KEY (id),
    CONSTRAINT fk_attempt_transfer_id FOREIGN KEY(transfer_id) REFERENCES transfer (id)
)

CREATE INDEX attempt_by_time ON attempt (started_at)

CREATE INDEX attempt_by_transfer ON attempt (transfer_id, started_at)

CREATE TABLE correction (
    id SERIAL NOT NULL,
    transfer_id UUID NOT NULL,
    field TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    undone_at BIGINT,
    undone_by TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_correction PRIMARY KEY (id),
    CONSTRAINT fk_correction_transfer_id FOREIGN KEY(transfer_id) REFERENCES transfer (id)
)

CREATE INDEX correction_of_transfer ON correction (transfer_id)

CREATE TABLE design_change (
    id SERIAL NOT NULL,
    connection TEXT NOT NULL,
    setting TEXT NOT NULL,
    key TEXT NOT NULL,
    value JSON NOT NULL,
    before JSON,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    exception_id INTEGER,
    at BIGINT NOT NULL,
    undone_at BIGINT,
    undone_by TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_design_change PRIMARY KEY (id),
    CONSTRAINT fk_design_change_exception_id FOREIGN KEY(exception_id) REFERENCES exception (id)
)

CREATE INDEX design_change_of_connection ON design_change (connection, id)

CREATE TABLE exception_event (
    id SERIAL NOT NULL,
    exception_id INTEGER NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    text TEXT NOT NULL,
    detail JSON NOT NULL,
    transfer_id UUID,
    CONSTRAINT pk_exception_event PRIMARY KEY (id),
    CONSTRAINT fk_exception_event_exception_id FOREIGN KEY(exception_id) REFERENCES exception (id)
)

CREATE INDEX exception_event_list ON exception_event (exception_id, id)

CREATE TABLE exception_object (
    id SERIAL NOT NULL,
    exception_id INTEGER NOT NULL,
    cause_id INTEGER NOT NULL,
    transfer_id UUID NOT NULL,
    flow TEXT NOT NULL,
    key TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    expected TEXT NOT NULL,
    severity TEXT NOT NULL,
    amount TEXT,
    currency TEXT DEFAULT '' NOT NULL,
    opened_at BIGINT NOT NULL,
    closed_at BIGINT,
    times_opened INTEGER NOT NULL,
    accepted BOOLEAN NOT NULL,
    proof JSON,
    CONSTRAINT pk_exception_object PRIMARY KEY (id),
    CONSTRAINT uq_exception_object_cause_id_transfer_id UNIQUE (cause_id, transfer_id),
    CONSTRAINT fk_exception_object_exception_id FOREIGN KEY(exception_id) REFERENCES exception (id),
    CONSTRAINT fk_exception_object_cause_id FOREIGN KEY(cause_id) REFERENCES exception (id),
    CONSTRAINT fk_exception_object_transfer_id FOREIGN KEY(transfer_id) REFERENCES transfer (id)
)

CREATE INDEX exception_object_by_key ON exception_object (key)

CREATE INDEX exception_object_list ON exception_object (exception_id, closed_at, id)

CREATE INDEX exception_object_of_transfer ON exception_object (transfer_id, closed_at)

CREATE INDEX exception_object_open ON exception_object (transfer_id, amount, currency, exception_id) WHERE closed_at IS NULL

CREATE TABLE exception_tag (
    exception_id INTEGER NOT NULL,
    tag TEXT NOT NULL,
    CONSTRAINT pk_exception_tag PRIMARY KEY (exception_id, tag),
    CONSTRAINT fk_exception_tag_exception_id FOREIGN KEY(exception_id) REFERENCES exception (id)
)

CREATE INDEX exception_by_tag ON exception_tag (tag, exception_id)

CREATE TABLE intent (
    key TEXT NOT NULL,
    transfer_id UUID NOT NULL,
    kind TEXT NOT NULL,
    request BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    sends INTEGER DEFAULT '0' NOT NULL,
    probes INTEGER DEFAULT '0' NOT NULL,
    answered_at BIGINT,
    answer JSON,
    outcome TEXT DEFAULT 'open' NOT NULL,
    CONSTRAINT pk_intent PRIMARY KEY (key),
    CONSTRAINT fk_intent_transfer_id FOREIGN KEY(transfer_id) REFERENCES transfer (id)
)

ALTER TABLE intent ALTER COLUMN request SET STORAGE EXTERNAL

CREATE INDEX intent_by_transfer ON intent (transfer_id)

CREATE TABLE playbook_run (
    id SERIAL NOT NULL,
    exception_id INTEGER NOT NULL,
    playbook TEXT NOT NULL,
    arguments JSON NOT NULL,
    reason TEXT NOT NULL,
    plan JSON NOT NULL,
    transfers JSON NOT NULL,
    created_records JSON NOT NULL,
    state TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    decided_by TEXT DEFAULT '' NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    CONSTRAINT pk_playbook_run PRIMARY KEY (id),
    CONSTRAINT fk_playbook_run_exception_id FOREIGN KEY(exception_id) REFERENCES exception (id)
)

CREATE INDEX playbook_run_by_state ON playbook_run (state, id)

CREATE INDEX playbook_run_of_exception ON playbook_run (exception_id, id)

CREATE TABLE release (
    id SERIAL NOT NULL,
    transfer_id UUID NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    undone_at BIGINT,
    undone_by TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_release PRIMARY KEY (id),
    CONSTRAINT fk_release_transfer_id FOREIGN KEY(transfer_id) REFERENCES transfer (id)
)

CREATE INDEX release_of_transfer ON release (transfer_id)

CREATE TABLE search_index (
    digest TEXT NOT NULL,
    transfer_id UUID NOT NULL,
    CONSTRAINT pk_search_index PRIMARY KEY (digest, transfer_id),
    CONSTRAINT fk_search_index_transfer_id FOREIGN KEY(transfer_id) REFERENCES transfer (id)
)

CREATE TABLE user_identity (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL,
    linked_at BIGINT NOT NULL,
    CONSTRAINT pk_user_identity PRIMARY KEY (issuer, subject),
    CONSTRAINT uq_user_identity_issuer_user_id UNIQUE (issuer, user_id),
    CONSTRAINT fk_user_identity_user_id FOREIGN KEY(user_id) REFERENCES user_account (id)
)

CREATE TABLE user_session (
    digest TEXT NOT NULL,
    user_id TEXT NOT NULL,
    csrf TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    CONSTRAINT pk_user_session PRIMARY KEY (digest),
    CONSTRAINT fk_user_session_user_id FOREIGN KEY(user_id) REFERENCES user_account (id)
)

CREATE INDEX user_session_by_end ON user_session (ends_at)

CREATE INDEX user_session_of_user ON user_session (user_id)

CREATE OR REPLACE FUNCTION audit_immutable() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is never changed'; END $$

CREATE TRIGGER audit_immutable BEFORE UPDATE OR DELETE ON audit
FOR EACH ROW EXECUTE FUNCTION audit_immutable()

CREATE OR REPLACE FUNCTION exception_event_immutable() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the history of exceptions is never changed'; END $$

CREATE TRIGGER exception_event_immutable BEFORE UPDATE OR DELETE ON exception_event
FOR EACH ROW EXECUTE FUNCTION exception_event_immutable()
