"""imagebot keeps the image references in GitOps repositories current."""

__version__ = "0.1.0"
