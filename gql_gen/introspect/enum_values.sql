-- The rows of an enum table. The three names are put in quoted, by read.py; ordered by code point.
select {value}::text as value, {comment}::text as comment
from {table}
where {value} is not null
order by {value}::text collate "C"
