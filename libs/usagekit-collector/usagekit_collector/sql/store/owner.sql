-- Who was the last to say that they write.
SELECT argMax(id, (at, id)), argMax(host, (at, id)), argMax(pid, (at, id)) FROM owner
