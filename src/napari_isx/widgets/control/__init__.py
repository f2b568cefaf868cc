"""The parts of the coordinator: each keeps one thing in step with the session."""
