-- The interaction matrix as a table: one row per customer and product, however often bought.
SELECT customers.part, customers.customer_no, products.product_no, bought.last_bought
FROM (
    SELECT customer_id, product_id, MAX(transaction_date) AS last_bought
    FROM clean
    WHERE reason IS NULL
    GROUP BY customer_id, product_id
) AS bought
JOIN customers ON customers.customer_id = bought.customer_id
JOIN products ON products.product_id = bought.product_id
