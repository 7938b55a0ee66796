using GrainVault.Silo.Health;
using GrainVault.Silo.Hosting;
using GrainVault.Silo.Startup;
using GrainVault.Silo.Telemetry;

return await GrainVaultHost.RunAsync(() =>
{
    var builder = WebApplication.CreateBuilder(args);
    builder.AddConsoleFormat();
    builder.UseSiloDefaults();
    builder.AddGrainVaultSilo();
    var app = builder.Build();
    app.MapGrainVaultHealth();
    app.MapGrainVaultMetrics(answersThisMachine: true);
    return app;
});
