-- Numbers for products, in the order of their ids: shorter to join, and ties stay the same.
SELECT product_id, CAST(ROW_NUMBER() OVER (ORDER BY product_id) AS INT) AS product_no
FROM (SELECT DISTINCT product_id FROM clean WHERE reason IS NULL) AS known
