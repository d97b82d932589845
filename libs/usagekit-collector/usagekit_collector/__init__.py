"""A self-hosted, PostHog-compatible receiver of usage events, with an embedded store."""

__version__ = "0.1.0"
