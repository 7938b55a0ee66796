using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Orleans.Hosting;

namespace Orleans.Dashboard;

/// <summary>
/// Where the official runtime mounts its dashboard. The bundled runtime has no page: an application that wants one under the same
/// address maps its own.
/// </summary>
public static class ServiceCollectionExtensions
{
    /// <summary>Does nothing here; the official runtime begins to keep statistics.</summary>
    /// <param name="siloBuilder">The silo.</param>
    /// <param name="configureOptions">Settings; not asked for.</param>
    /// <returns>The same builder.</returns>
    public static ISiloBuilder AddDashboard(this ISiloBuilder siloBuilder, Action<DashboardOptions>? configureOptions = null) => siloBuilder;

    /// <summary>Does nothing here; the official runtime begins to keep statistics.</summary>
    /// <param name="clientBuilder">The client.</param>
    /// <param name="configureOptions">Settings; not asked for.</param>
    /// <returns>The same builder.</returns>
    public static IClientBuilder AddDashboard(this IClientBuilder clientBuilder, Action<DashboardOptions>? configureOptions = null) => clientBuilder;

    /// <summary>Maps an empty group.</summary>
    /// <param name="endpoints">The endpoints of the application.</param>
    /// <param name="routePrefix">Path of the dashboard; the root when null.</param>
    /// <returns>The group.</returns>
    public static RouteGroupBuilder MapOrleansDashboard(this IEndpointRouteBuilder endpoints, string? routePrefix = null) =>
        endpoints.MapGroup(routePrefix ?? "");
}
