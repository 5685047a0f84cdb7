"""In packages, instead of ``holidays.countries``, which imports the calendars of all countries: only Viet Nam's is there."""
