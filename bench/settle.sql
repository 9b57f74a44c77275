-- Plans and visibility as they are after a while, and no write left over for the first round.
vacuum (analyze);
checkpoint;
