"""Built-in plugins that report what became of a command.

Each module implements ``wheelhouse_run_finished`` and reads the finished report.
They import the public modules and the rooms ``formats`` and ``disk``.
"""
