"""HTTP: what SDKs send, what is asked, and what is answered."""
