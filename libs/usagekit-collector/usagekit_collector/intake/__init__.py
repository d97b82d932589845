"""Where events are on disk before the store has them: what makes an answer of 200 true."""
