-- Compiling catalog.sql to machine code takes ten times as long as running it (tried: 1.8 s beside 0.1 s).
set jit = off
