"""Collections as code. Read the books, work out what is due, write the documents, make the delivery, remember it.

books/      what happened: text tables become typed tables
dunning/    what is due: ageing, ladders, decisions
documents/  what is said: letters, pages, call sheets, the desk
delivery/   the outside world: files, PDF, mail, journal, git; decides nothing
flow.py     the whole run as one pure function, the only module that knows the order
checks.py   what is to be said against it: the findings of a run
cli.py      commands: the only place that prints, exits and reads the clock
config.py, model.py, outlook.py, findings.py, money.py, days.py   the vocabulary
config_file.py, toml.py   how config.toml is read
"""

__version__ = "0.1.0"
