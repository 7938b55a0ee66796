using GrainVault.Api.Http;
using GrainVault.Cluster;
using GrainVault.Silo.Hosting;
using Orleans.Dashboard;

namespace GrainVault.Api.Cluster;

/// <summary>
/// The cluster's page at <c>/cluster</c>. <c>/dashboard</c> is the official dashboard of Orleans where that is the runtime, and the
/// same page where it is not.
/// </summary>
internal static class ClusterEndpoints
{
    private const string Dashboard = "/dashboard";

    /// <summary>The official dashboard's page brings styles and scripts within its HTML.</summary>
    private const string OfficialPolicy =
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Adds the endpoints.</summary>
    public static void MapClusterPage(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("").ExcludeFromDescription();
        group.MapGet("/cluster", ClusterPage.WriteAsync).WithMetadata(new AdministratorsOnly());
        group.MapGet("/cluster/status", GetStatusAsync).WithMetadata(new AdministratorsOnly());
        group.MapGet("/cluster/page.js", ClusterPage.Script.Get);
        group.MapGet("/cluster/page.css", ClusterPage.Style.Get);
        group.MapPost($"{Dashboard}/session", DashboardSession.Begin).RequireAuthorization();
        group.MapDelete($"{Dashboard}/session", DashboardSession.End);

        app.MapOrleansDashboard(Dashboard).WithMetadata(new AdministratorsOnly(OfficialPolicy)).ExcludeFromDescription();
        if (RuntimeInfo.Current.IsBundled)
            group.MapGet(Dashboard, ClusterPage.WriteAsync).WithMetadata(new AdministratorsOnly());
    }

    private static async Task<IResult> GetStatusAsync(IGrainFactory grains, CancellationToken cancellationToken)
    {
        var result = await grains.GetGrain<IClusterStatusGrain>(IClusterStatusGrain.Key).GetAsync(cancellationToken);
        return result.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.Json(result.Status, ClusterJson.Default.ClusterStatus);
    }
}
