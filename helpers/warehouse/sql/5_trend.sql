-- How much of a product's popularity is recent, and its rank among the best sellers of late;
-- what nobody bought lately follows, by its buyers ever and below a single buyer.
SELECT
    product_no,
    trend,
    popularity,
    ROW_NUMBER() OVER (ORDER BY CAST(popularity AS REAL) DESC, product_no) AS popular_rank
FROM (
    SELECT
        counted.product_no,
        CASE WHEN $with_trend THEN (lately + 1.0) / (buyers + 10.0) ELSE 1.0 END AS trend,
        CASE
            WHEN NOT products.for_sale THEN 0.0
            WHEN recent_buyers > 0 THEN recent_buyers
            ELSE buyers / (MAX(buyers) OVER () + 1.0)
        END AS popularity
    FROM (
        SELECT
            product_no,
            CAST(COUNT(*) AS DOUBLE) AS buyers,
            CAST(SUM(CASE WHEN last_bought > $trend_from THEN 1 ELSE 0 END) AS DOUBLE) AS lately,
            CAST(SUM(CASE WHEN last_bought > $popular_from THEN 1 ELSE 0 END) AS DOUBLE)
                AS recent_buyers
        FROM pairs
        GROUP BY product_no
    ) AS counted
    JOIN products ON products.product_no = counted.product_no
) AS measured
