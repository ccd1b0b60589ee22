"""The learned matcher: natural wording beyond the templates, an intent classifier and a slot tagger.

It stands below the templates: what a template understands never comes here.
"""
