"""The generated part of ``docs/prompt-language.md``: what each flag and each action does here.

``python -m scripts.write_prompt_docs`` writes it and its pictures; ``tests/test_docs.py`` makes the
text once more and compares.
"""
