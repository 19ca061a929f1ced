"""The web page: a Gradio app over ``interviewer.service``."""
