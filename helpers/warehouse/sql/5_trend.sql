-- How much of a product's popularity is recent, and its rank among the best sellers of late.
SELECT
    product_no,
    CASE WHEN $with_trend THEN (lately + 1.0) / (buyers + 10.0) ELSE 1.0 END AS trend,
    recent_buyers,
    ROW_NUMBER() OVER (ORDER BY recent_buyers DESC, product_no) AS popular_rank
FROM (
    SELECT
        product_no,
        CAST(COUNT(*) AS DOUBLE) AS buyers,
        CAST(SUM(CASE WHEN last_bought > $trend_from THEN 1 ELSE 0 END) AS DOUBLE) AS lately,
        SUM(CASE WHEN last_bought > $popular_from THEN 1 ELSE 0 END) AS recent_buyers
    FROM pairs
    GROUP BY product_no
) AS counted
