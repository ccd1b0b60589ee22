"""What a sentence means: templates first, then near misses of templates, then the learned matcher.

``sentences`` loads templates in hassil's syntax, ``slots`` reads spoken values, ``matcher`` puts it together
and ``learned`` stands below the templates. Nothing here knows who speaks or what is kept.
"""
