select id, value from counters
