"""Working on many artifacts at once, and stopping in time.

``parallel`` runs worker threads and ends them on a signal, ``waiting`` has the pauses
between tries and one budget for all of them, and ``activity`` says what each worker
is doing.  This room may import ``formats`` and the public modules below it; today it
imports only ``errors``.
"""
