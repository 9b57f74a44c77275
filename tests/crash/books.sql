-- What stands in the books: each entry with its counter and the number of its lines; for a note both are null.
select entries.id, counter_id, count(place)::int as lines
from entries left join lines on lines.entry_id = entries.id
group by entries.id
union all
select id, null, null
from notes
