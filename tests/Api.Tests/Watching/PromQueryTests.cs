namespace GrainVault.Api.Tests.Watching;

public sealed class PromQueryTests
{
    [Theory]
    [InlineData("""histogram_quantile(0.99, sum by (le, grain) (rate(calls_bucket{instance=~"$instance", outcome!="a{b}"}[$__rate_interval])))""", "calls_bucket", "grain instance le outcome")]
    [InlineData("""sum(a_total) / on (pool) group_left (x) (b offset 15m) > 0.9 * vector(1) and absent(c:rate5m)""", "a_total b c:rate5m", "pool x")]
    [InlineData("""label_values(build_info, instance)""", "build_info instance", "")]
    [InlineData("""topk(10, rate(d_count{}[5m])) or e > bool 1e9""", "d_count e", "")]
    public void Metrics_and_labels_of_an_expression_are_found(string expression, string metrics, string labels)
    {
        var query = PromQuery.Parse(expression);

        Assert.Equal(metrics, string.Join(' ', query.Metrics.Order(StringComparer.Ordinal)));
        Assert.Equal(labels, string.Join(' ', query.Labels.Order(StringComparer.Ordinal)));
    }
}
