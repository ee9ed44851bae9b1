"""RequestApproval: one mail with one link for each role and each person who may decide in it."""
