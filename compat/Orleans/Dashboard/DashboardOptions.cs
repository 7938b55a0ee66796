namespace Orleans.Dashboard;

/// <summary>Settings of the official dashboard; the bundled runtime has none of its own to set.</summary>
public sealed class DashboardOptions
{
}
