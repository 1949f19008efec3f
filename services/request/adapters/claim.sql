-- Grants request ids, one round trip a batch. ON CONFLICT DO UPDATE (to the same value) rather than
-- DO NOTHING: it also returns a row that another transaction committed after this statement began,
-- so one message handled by two consumers in a rebalance is never refused as its own duplicate.
-- Rows are taken in the order of their keys, so two batches can't deadlock.
WITH incoming AS (
    SELECT *
    FROM unnest(
        $1::text[], $2::text[], $3::uuid[], $4::text[], $5::integer[], $6::bigint[], $7::bytea[],
        $8::text[], $9::smallint[], $10::text[], $11::text[], $12::text[],
        $13::boolean[]
    ) WITH ORDINALITY AS item (
        issuer, request_id, stream_id, topic, partition, record_offset, digest,
        product, lane, code, detail, rules, test_card, place
    )
),
holder AS (
    INSERT INTO request AS held (
        issuer, request_id, stream_id, topic, partition, record_offset, digest,
        product, lane, code, detail, rules, test_card
    )
    SELECT DISTINCT ON (issuer, request_id)
        issuer, request_id, stream_id, topic, partition, record_offset, digest,
        product, lane, code, detail, rules, test_card
    FROM incoming
    ORDER BY issuer, request_id, place
    ON CONFLICT (issuer, request_id) DO UPDATE SET request_id = excluded.request_id
    RETURNING held.*
),
compared AS (
    SELECT
        incoming.place, incoming.stream_id AS proposed, incoming.topic, incoming.partition,
        incoming.record_offset, incoming.digest, holder.stream_id AS holder_stream_id,
        holder.issuer, holder.request_id, holder.product, holder.lane, holder.code, holder.detail,
        holder.rules, holder.test_card, holder.digest = incoming.digest AS same_content,
        (holder.topic, holder.partition, holder.record_offset, holder.digest)
            = (incoming.topic, incoming.partition, incoming.record_offset, incoming.digest) AS holds
    FROM incoming JOIN holder USING (issuer, request_id)
),
repeated AS (
    INSERT INTO repeated_request AS known (topic, partition, record_offset, digest, stream_id)
    SELECT DISTINCT ON (topic, partition, record_offset, digest)
        topic, partition, record_offset, digest, proposed
    FROM compared
    WHERE NOT holds
    ORDER BY topic, partition, record_offset, digest, place
    ON CONFLICT (topic, partition, record_offset, digest)
        DO UPDATE SET stream_id = known.stream_id
    RETURNING known.*
)
SELECT
    compared.holds, compared.same_content,
    coalesce(repeated.stream_id, compared.holder_stream_id) AS stream_id,
    compared.holder_stream_id = compared.proposed AS new,
    compared.issuer, compared.request_id, compared.product, compared.lane, compared.code,
    compared.detail, compared.rules, compared.test_card
FROM compared
LEFT JOIN repeated
    ON NOT compared.holds
    AND (repeated.topic, repeated.partition, repeated.record_offset, repeated.digest)
        = (compared.topic, compared.partition, compared.record_offset, compared.digest)
ORDER BY compared.place
