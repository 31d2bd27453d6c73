"""The controlled layer between BigCommerce stores and Cin7 Core companies."""

__version__ = "0.1.0"
