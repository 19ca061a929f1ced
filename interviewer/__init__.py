"""The interview: its order, its judgements, its agent and its memory."""
