"""`cutover init`: the files with which a first product begins."""
