"""Speech engines beyond those that are shipped: what there is, fetching it when asked, what is installed.

Nothing here runs by itself: the only caller is ``earwitness engines``. See docs/speech/engines.md.
"""
