using GrainVault.Silo.Health;
using GrainVault.Silo.Hosting;
using GrainVault.Silo.Postgres;
using GrainVault.Silo.Startup;
using GrainVault.Silo.Status;
using GrainVault.Silo.StoreCalls;
using GrainVault.Silo.Telemetry;

if (args is [PostgresProgram.Name, ..])
    return await GrainVaultHost.RunAsync(() => PostgresProgram.Build(args[1..]));

return await GrainVaultHost.RunAsync(() =>
{
    var builder = WebApplication.CreateBuilder(args);
    builder.AddConsoleFormat();
    builder.UseSiloDefaults();
    builder.AddGrainVaultSilo();
    builder.AddClusterReports(isFrontEnd: false);
    builder.AddStorageActivity();
    var app = builder.Build();
    app.MapGrainVaultHealth();
    app.MapGrainVaultMetrics(answersThisMachine: true);
    return app;
});
