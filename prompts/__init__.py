"""Versioned prompt templates: ``prompts/NAME/vN.md``, loaded and rendered by ``prompts.loader``."""
