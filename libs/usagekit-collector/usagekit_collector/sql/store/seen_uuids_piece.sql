-- The number at which about this part of those had arrived, which is put in: it cannot be bound.
SELECT toUInt64(quantile(PART)(seq)) FROM events WHERE seq > {after:UInt64}
