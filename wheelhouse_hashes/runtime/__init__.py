"""Concurrent work on many artifacts, and stopping on time.

``parallel`` runs worker threads and stops them on a signal, ``waiting`` provides the
pauses between tries and the budget that they share, and ``activity`` records what each
worker is doing.  This package may import ``formats`` and the public modules below it;
today it imports only ``errors``.
"""
