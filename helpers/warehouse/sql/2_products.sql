-- Numbers for products, in the order of their ids: shorter to join, and ties stay the same.
-- All of them teach what goes together; those that are not for sale are not recommended.
SELECT
    known.product_id,
    CAST(ROW_NUMBER() OVER (ORDER BY known.product_id) AS INT) AS product_no,
    not_for_sale.code IS NULL AS for_sale
FROM (SELECT DISTINCT product_id FROM clean WHERE reason IS NULL) AS known
LEFT JOIN not_for_sale ON not_for_sale.code = known.product_id
