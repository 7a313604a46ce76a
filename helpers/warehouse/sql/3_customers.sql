-- Customers are dealt to parts by their ids, alike in every engine, and numbered within a part.
SELECT
    dealt.customer_id,
    dealt.part,
    CAST(ROW_NUMBER() OVER (PARTITION BY dealt.part ORDER BY dealt.customer_id) AS INT)
        AS customer_no,
    no_personal_list.code IS NULL AS personal
FROM (
    SELECT customer_id, SUBSTRING(MD5(customer_id), 1, CAST($digits AS INT)) AS part
    FROM (SELECT DISTINCT customer_id FROM clean WHERE reason IS NULL) AS known
) AS dealt
LEFT JOIN no_personal_list ON no_personal_list.code = dealt.customer_id
