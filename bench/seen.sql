-- Whether usher's connections ran this very statement. The server keeps the first 1,023 bytes of each.
select exists (
    select from pg_stat_activity where application_name = 'usher' and query = left($1, 1023)
)
