-- What stands in the books: each entry with its counter and the number of its lines.
select entries.id, counter_id, count(place)::int as lines
from entries left join lines on lines.entry_id = entries.id
group by entries.id
