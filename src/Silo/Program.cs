using GrainVault.Silo.Health;
using GrainVault.Silo.Hosting;
using GrainVault.Silo.Startup;
using GrainVault.Silo.Telemetry;

return await GrainVaultHost.RunAsync(() =>
{
    var builder = WebApplication.CreateBuilder(args);
    // A silo serves no clients: ASPNETCORE_URLS belongs to front ends, and health is asked on a port of its own.
    builder.WebHost.UseUrls("http://127.0.0.1:0");
    builder.AddConsoleFormat();
    builder.AddGrainVaultSilo();
    var app = builder.Build();
    app.MapGrainVaultHealth();
    app.MapGrainVaultMetrics(answersThisMachine: true);
    return app;
});
