"""Built-in plugins that report the result of a command.

Each module implements ``wheelhouse_run_finished`` and reads the finished report.
They import the public modules and the subpackages ``formats`` and ``disk``.
"""
