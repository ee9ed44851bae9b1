"""What running Cutover costs: counted on one release, and on the template, at prices with a date."""
