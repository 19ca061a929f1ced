"""What the interviewer knows: the Q&A document, its reviewed answer key, and the index over both."""
