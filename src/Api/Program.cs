using GrainVault.Api.Accounts;
using GrainVault.Api.Administration;
using GrainVault.Api.Archives;
using GrainVault.Api.Auth;
using GrainVault.Api.Cluster;
using GrainVault.Api.Documents;
using GrainVault.Api.Files;
using GrainVault.Api.Hosting;
using GrainVault.Api.Ingest;
using GrainVault.Api.Links;
using GrainVault.Api.Uploads;
using GrainVault.Silo.Health;
using GrainVault.Silo.Hosting;
using GrainVault.Silo.Startup;
using GrainVault.Silo.Status;
using GrainVault.Silo.Telemetry;

return await GrainVaultHost.RunAsync(() =>
{
    var builder = WebApplication.CreateBuilder(args);
    builder.AddConsoleFormat();
    builder.AddAccessLog();
    builder.AddGrainVault();
    builder.AddClusterReports(isFrontEnd: true);
    builder.AddFrontEnd();
    builder.AddTokens();
    builder.AddApiDocument();

    var app = builder.Build();
    app.UseFrontEnd();
    app.MapAccounts();
    app.MapUploads();
    app.MapFiles();
    app.MapEntries();
    app.MapVersions();
    app.MapShares();
    app.MapAdministration();
    app.MapArchives();
    app.MapLinks();
    app.MapVisits();
    app.MapLinkPage();
    app.MapIngest();
    app.MapSignedObjects();
    app.MapGrainVaultHealth();
    app.MapGrainVaultMetrics();
    app.MapClusterPage();
    app.MapOpenApi("/openapi/v1.json");
    return app;
});
