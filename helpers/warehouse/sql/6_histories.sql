-- Row scaling: a purchase counts 1 / length of the history, for both products of a pair together.
-- A history above the cap speaks with its latest purchases only: its pairs grow with the square.
SELECT part, customer_no, product_no, 1.0 / CAST(LEAST(size, $history_cap) AS DOUBLE) AS weight
FROM (
    SELECT
        part,
        customer_no,
        product_no,
        COUNT(*) OVER (PARTITION BY part, customer_no) AS size,
        ROW_NUMBER() OVER (
            PARTITION BY part, customer_no ORDER BY last_bought DESC, product_no
        ) AS "rank"
    FROM pairs
) AS sized
WHERE "rank" <= $history_cap
