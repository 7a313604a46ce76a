-- Every row gets the first reason for which it is rejected; without a reason it is kept.
SELECT
    customer_id,
    product_id,
    transaction_date,
    CASE
        WHEN customer_id IS NULL THEN 'no customer id'
        WHEN product_id IS NULL THEN 'no product id'
        WHEN transaction_date IS NULL THEN 'no or unreadable date'
        WHEN transaction_date > $tomorrow THEN 'date in the future'
        WHEN no_product THEN 'not a product'
        WHEN returned THEN 'return or cancellation'
        WHEN units_back > 0 AND units_back >= units_bought THEN 'purchase that was returned'
        WHEN quantity = 0 THEN 'quantity is zero'
        WHEN unit_price <= 0 THEN 'unit_price not above zero'
    END AS reason
FROM (
    SELECT
        customer_id, product_id, transaction_date, quantity, unit_price, returned, no_product,
        SUM(CASE WHEN returned THEN ABS(COALESCE(quantity, 1)) ELSE 0 END)
            OVER (PARTITION BY customer_id, product_id) AS units_back,
        SUM(CASE WHEN returned THEN 0 ELSE ABS(COALESCE(quantity, 1)) END)
            OVER (PARTITION BY customer_id, product_id) AS units_bought
    FROM (
        SELECT
            customer_id, product_id, transaction_date, quantity, unit_price,
            no_products.code IS NOT NULL AS no_product,
            COALESCE(quantity, 1) < 0
            OR ($prefix <> '' AND STARTS_WITH(COALESCE(transaction_id, ''), $prefix)) AS returned
        FROM purchases
        LEFT JOIN no_products ON no_products.code = purchases.product_id
    ) AS marked
) AS counted
