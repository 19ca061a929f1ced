"""Evaluation: is this prompt, model, rubric or retriever better, and how sure are we?"""
