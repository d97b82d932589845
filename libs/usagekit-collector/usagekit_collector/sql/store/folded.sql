-- The arrival number up to which events have been folded into persons.
SELECT max(version) FROM identity WHERE project = 0 AND kind = 'mark'
