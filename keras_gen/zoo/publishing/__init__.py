"""The maintainers' tools: they make entries of runs, and tables and plots of entries.

Each is a command, such as `python -m keras_gen.zoo.publishing.table`.
"""
