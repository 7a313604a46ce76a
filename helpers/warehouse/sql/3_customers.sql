-- Customers are dealt to parts by their ids, alike in every engine, and numbered within a part.
SELECT
    customer_id,
    part,
    CAST(ROW_NUMBER() OVER (PARTITION BY part ORDER BY customer_id) AS INT) AS customer_no
FROM (
    SELECT customer_id, SUBSTRING(MD5(customer_id), 1, CAST($digits AS INT)) AS part
    FROM (SELECT DISTINCT customer_id FROM clean WHERE reason IS NULL) AS known
) AS dealt
