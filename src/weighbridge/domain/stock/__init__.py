"""Stock: what the store may sell, and by how much it could oversell."""
