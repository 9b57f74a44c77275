-- So that every turn inserts into an empty table.
truncate readings
